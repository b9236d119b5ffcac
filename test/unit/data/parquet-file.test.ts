import {open} from 'node:fs/promises'
import {join} from 'node:path'
import {asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects} from 'hyparquet'
import {expect, test} from 'vitest'
import {parquetFile} from '../../../src/data/repair/parquet-file.js'
import type {PreferenceRow} from '../../../src/data/repair/preference-row.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

test('rows come back from Parquet as they went in, over several row groups', async () => {
  const odd = ['', 'é\n\t"\\', '\0', '😀 한국의', '2024-01-01', '\u2028\ufffd']
  const rows = Array.from({length: 20_500}, (_, i): PreferenceRow => ({
    prompt:
      i % 3 === 0
        ? []
        : [
            {role: 'user', content: `${odd[i % odd.length]}${i}`},
            {role: null, content: ''},
          ],
    reference: [{role: 'assistant', content: odd[(i + 1) % odd.length]!}],
    chosen: [{role: null, content: `c${i}`}],
    rejected: [{role: 'assistant', content: `r${i}`}],
    wrapper: i % 2 === 0 ? 'sft' : 'pretrain',
  }))
  const path = join(await temporaryFolder(), 'rows.parquet')
  const handle = await open(path, 'w')
  const file = parquetFile(handle)
  for (const row of rows) await file.write(row)
  await file.end()
  await handle.close()

  const buffer = await asyncBufferFromFile(path)
  const {row_groups: groups, num_rows: count} = await parquetMetadataAsync(buffer)
  expect([groups.length, Number(count)]).toEqual([3, rows.length])
  expect(await parquetReadObjects({file: buffer})).toEqual(rows)
})
