const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d)(?::(\d\d)(?::(\d\d))?)?(?:Z|[+-](\d\d)(?::?(\d\d))?)?)?$/
const days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Whether Arrow's JSON reader takes a text for a point in time, so that a column of nothing else loses its texts (pyarrow 18.1.0 was
 * asked about each form).
 */
export function isDateLike(text: string): boolean {
  const match = pattern.exec(text)
  if (match === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = match
    .slice(1)
    .map((part) => (part === undefined ? 0 : Number(part)))
  if (month < 1 || month > 12 || day < 1 || day > (days[month - 1] ?? 0)) return false
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (month === 2 && day === 29 && !isLeap) return false
  return hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60
}
