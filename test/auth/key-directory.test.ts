import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import {
  listFolders,
  loadKeys,
  makeTemporaryKey,
  readdirOrEmpty,
  removeKey,
  revisionOf,
} from '../../src/auth/key-directory.js'
import { writeKeyFolder, writeMeta } from '../../src/auth/key-folder.js'

const META = { algorithm: 'ES256', createdAt: 1000, signsFrom: null } as const

await t.test('loadKeys reads every key, oldest first', async (t) => {
  const dir = t.testdir()
  await writeKeyFolder(join(dir, 'b'), { ...META, createdAt: 2000 })
  await writeKeyFolder(join(dir, 'c'), { ...META, createdAt: 1000 })
  await writeKeyFolder(join(dir, 'a'), { ...META, createdAt: 2000 })
  const keys = await loadKeys(dir)
  t.strictSame(
    keys.map((key) => key.id),
    ['c', 'a', 'b'],
  )
})

await t.test('loadKeys refuses a folder whose name cannot be a key id', async (t) => {
  const dir = t.testdir({ 'my key': {} })
  await t.rejects(loadKeys(dir), {
    code: 'FAILED_PRECONDITION',
    reason: 'key_malformed',
    message: /my key cannot be used: a name has 1 to 64/,
  })
})

await t.test('listFolders passes over files and hidden folders', async (t) => {
  const dir = t.testdir({ key: {}, '.new-key': {}, 'README.md': 'keep out' })
  t.strictSame(await listFolders(dir), ['key'])
  t.strictSame(await listFolders(join(dir, 'none')), [])
  await t.rejects(listFolders(join(dir, 'README.md')), { code: 'ENOTDIR' })
})

await t.test('makeTemporaryKey makes a key that no reader sees', async (t) => {
  const dir = t.testdir()
  const { id, folder } = await makeTemporaryKey(dir, 'EdDSA', 1000, 2000)
  t.match(id, /^[0-9a-f]{12}$/)
  t.strictSame(await listFolders(dir), [])
  t.match(await loadKeys(folder), [{ id, algorithm: 'EdDSA', createdAt: 1000, signsFrom: 2000 }])
})

await t.test('removeKey takes the key away and leaves nothing', async (t) => {
  const dir = t.testdir()
  await writeKeyFolder(join(dir, 'a'), META)
  await removeKey(dir, 'a')
  t.strictSame(await readdir(dir), [])
})

await t.test('revisionOf changes with key.json', async (t) => {
  const dir = t.testdir()
  t.equal(await revisionOf(dir, 'a'), 'a -')
  await writeKeyFolder(join(dir, 'a'), META)
  const before = await revisionOf(dir, 'a')
  t.equal(await revisionOf(dir, 'a'), before)
  await writeMeta(join(dir, 'a'), { ...META, signsFrom: 1 })
  t.not(await revisionOf(dir, 'a'), before)
  await writeFile(join(dir, 'file'), '')
  await t.rejects(revisionOf(dir, 'file'), { code: 'ENOTDIR' })
})

await t.test('readdirOrEmpty takes a missing folder for an empty one', async (t) => {
  const dir = t.testdir({ file: '' })
  await mkdir(join(dir, 'folder'))
  t.strictSame((await readdirOrEmpty(dir)).sort(), ['file', 'folder'])
  t.strictSame(await readdirOrEmpty(join(dir, 'none')), [])
  await t.rejects(readdirOrEmpty(join(dir, 'file')), { code: 'ENOTDIR' })
})
