import type { Test } from 'tap'
import type { RevocationLog, RevocationPage } from '../../src/domain/revocation.js'
import type { EndedSession } from '../../src/domain/session.js'

const T0 = 1_800_000_000_000
const PAGE = 100

const ended = (id: string): EndedSession => ({ id, userId: `of ${id}`, reason: 'ended_by_admin' })
const ids = (page: RevocationPage | null): string[] | null =>
  page && page.revocations.map(({ id }) => id)

/** What every implementation of the port promises. `open` gives an empty log. */
export async function checkRevocationLog(
  t: Test,
  open: (t: Test) => Promise<RevocationLog>,
): Promise<void> {
  await t.test('an empty log has a position and nothing after it', async (t) => {
    const log = await open(t)
    const start = await log.positionAt(0)
    t.match(start, { epoch: /^[0-9a-z]{8,}$/, number: 0, sessionId: '' })
    t.strictSame(await log.positionAt(T0), start)
    t.strictSame(await log.read(start, PAGE), { revocations: [], position: start })
  })

  await t.test('entries come back whole and in the order in which they were written', async (t) => {
    const log = await open(t)
    const start = await log.positionAt(0)
    await log.append([ended('a'), { id: 'b', userId: 'ann "{1}"', reason: 'logged_out' }], T0)
    await log.append([ended('c')], T0 + 5)
    const page = await log.read(start, PAGE)
    t.strictSame(page?.revocations, [
      { number: 1, id: 'a', userId: 'of a', reason: 'ended_by_admin', endedAt: T0 },
      { number: 2, id: 'b', userId: 'ann "{1}"', reason: 'logged_out', endedAt: T0 },
      { number: 3, id: 'c', userId: 'of c', reason: 'ended_by_admin', endedAt: T0 + 5 },
    ])
    t.strictSame(page?.position, { epoch: start.epoch, number: 3, sessionId: 'c' })
  })

  await t.test('pages join without a gap and without an overlap', async (t) => {
    const log = await open(t)
    let position = await log.positionAt(0)
    const all = Array.from({ length: 25 }, (_, index) => `s${index}`)
    await log.append(all.map(ended), T0)
    const seen: string[] = []
    for (const expected of [10, 10, 5, 0]) {
      const page = await log.read(position, 10)
      t.equal(page?.revocations.length, expected)
      seen.push(...(ids(page) ?? []))
      position = page?.position ?? position
    }
    t.strictSame(seen, all)
  })

  await t.test('a session is written down once', async (t) => {
    const log = await open(t)
    const start = await log.positionAt(0)
    await log.append([ended('a'), ended('b')], T0)
    await log.append([ended('b'), ended('a')], T0 + 1)
    await log.append([ended('a'), ended('c'), ended('c')], T0 + 2)
    t.strictSame(ids(await log.read(start, PAGE)), ['a', 'b', 'c'])
    await log.append([], T0)
    t.equal((await log.read(start, PAGE))?.position.number, 3)
  })

  await t.test('writers that race lose nothing and give no number twice', async (t) => {
    const log = await open(t)
    const start = await log.positionAt(0)
    const all = Array.from({ length: 60 }, (_, index) => `r${index}`)
    await Promise.all(all.map((id) => log.append([ended(id), ended('shared')], T0)))
    const page = await log.read(start, PAGE)
    t.strictSame(ids(page)?.toSorted(), [...all, 'shared'].toSorted())
    t.strictSame(
      page?.revocations.map(({ number }) => number),
      Array.from({ length: 61 }, (_, index) => index + 1),
    )
  })

  await t.test('positionAt stands before the first entry of that time', async (t) => {
    const log = await open(t)
    await log.append([ended('old')], T0)
    await log.append([ended('edge')], T0 + 10)
    await log.append([ended('new')], T0 + 20)
    const at = async (since: number) => ids(await log.read(await log.positionAt(since), PAGE))
    t.strictSame(await at(0), ['old', 'edge', 'new'])
    t.strictSame(await at(T0 + 10), ['edge', 'new'])
    t.strictSame(await at(T0 + 11), ['new'])
    t.strictSame(await at(T0 + 21), [])
    t.match(await log.positionAt(T0 + 11), { number: 2, sessionId: 'edge' })
  })

  await t.test('trim takes the oldest, and only they are missed', async (t) => {
    const log = await open(t)
    const start = await log.positionAt(0)
    const all = Array.from({ length: 250 }, (_, index) => `t${index}`)
    for (const [index, id] of all.entries()) await log.append([ended(id)], T0 + index)
    const early = (await log.read(start, PAGE))?.position
    const late = (await log.read(start, 240))?.position
    if (!early || !late) throw new Error('the log gave no page')
    t.equal(await log.trim(T0), 0)
    t.equal(await log.trim(T0 + 230), 230)
    t.equal(await log.read(start, PAGE), null)
    t.equal(await log.read(early, PAGE), null)
    t.equal(ids(await log.read(late, PAGE))?.length, 10)
    // Who had read exactly to where the log begins now has missed nothing.
    t.equal(ids(await log.read({ ...late, number: 230, sessionId: 't229' }, PAGE))?.length, 20)
    t.equal(await log.trim(T0 + 9_999), 20)
    t.strictSame(ids(await log.read({ ...late, number: 250, sessionId: 't249' }, PAGE)), [])
    t.equal(await log.read(late, PAGE), null)
    await log.append([ended('after')], T0 + 10_000)
    const end = await log.positionAt(T0 + 10_000)
    t.equal(end.number, 250, 'no number is given twice')
    t.strictSame(ids(await log.read(end, PAGE)), ['after'])
  })

  await t.test('a position of another log is not honoured', async (t) => {
    const log = await open(t)
    await log.append([ended('a'), ended('b')], T0)
    const start = await log.positionAt(0)
    const here = { ...start, number: 1, sessionId: 'a' }
    t.strictSame(ids(await log.read(here, PAGE)), ['b'])
    t.equal(await log.read({ ...here, epoch: 'ffffffffffffffff' }, PAGE), null)
    t.equal(await log.read({ ...here, number: 3, sessionId: 'x' }, PAGE), null, 'past the end')
    t.equal(await log.read({ ...here, sessionId: 'b' }, PAGE), null, 'went back in time')
    t.strictSame(ids(await log.read({ ...here, sessionId: '' }, PAGE)), ['b'])
  })
}
