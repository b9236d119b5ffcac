/** User and system time of this process, all threads. */
export function cpuSeconds() {
  const {user, system} = process.cpuUsage()
  return (user + system) / 1e6
}
