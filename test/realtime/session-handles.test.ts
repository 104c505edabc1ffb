import t from 'tap'
import type { EndedSession } from '../../src/domain/session.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'

const ended = (id: string): EndedSession => ({ id, userId: 'user-1', reason: 'logged_out' })

await t.test('handles are ended once, with what happened to their session', async (t) => {
  const handles = createSessionHandles()
  const seen: EndedSession[] = []
  handles.attach('a', { end: (session) => seen.push(session) })
  handles.attach('a', { end: (session) => seen.push(session) })
  handles.attach('b', { end: (session) => seen.push(session) })
  t.equal(handles.count('a'), 2)
  t.strictSame(handles.sessionIds(), ['a', 'b'])
  t.equal(handles.end([ended('a'), ended('none')]), 2)
  t.strictSame(seen, [ended('a'), ended('a')])
  t.equal(handles.end([ended('a')]), 0)
  t.equal(handles.count('a'), 0)
  t.strictSame(handles.sessionIds(), ['b'])
})

await t.test('handles that detach leave nothing behind', async (t) => {
  const handles = createSessionHandles()
  const handle = { end: () => t.fail('detached') }
  const detachFirst = handles.attach('a', handle)
  const detachSecond = handles.attach('a', handle)
  t.equal(handles.count('a'), 2, 'one handle attached twice counts twice')
  detachFirst()
  detachFirst()
  t.equal(handles.count('a'), 1)
  detachSecond()
  t.equal(handles.count('a'), 0)
  t.strictSame(handles.sessionIds(), [])
  t.equal(handles.end([ended('a')]), 0)
})

await t.test('handles that throw do not keep the others open', async (t) => {
  const handles = createSessionHandles()
  const closed: string[] = []
  handles.attach('a', { end: () => closed.push('first') })
  handles.attach('a', {
    end() {
      throw new Error('broken')
    },
  })
  handles.attach('a', { end: () => closed.push('last') })
  handles.attach('b', { end: () => closed.push('other') })
  t.equal(handles.end([ended('a'), ended('b')]), 4)
  t.strictSame(closed, ['first', 'last', 'other'])
})

await t.test('handles that detach while they are ended do no harm', async (t) => {
  const handles = createSessionHandles()
  const closed: string[] = []
  const detach = handles.attach('a', {
    end() {
      closed.push('first')
      detach()
      handles.attach('a', { end: () => closed.push('late') })
    },
  })
  handles.attach('a', { end: () => closed.push('second') })
  t.equal(handles.end([ended('a')]), 2)
  t.strictSame(closed, ['first', 'second'])
  t.equal(handles.count('a'), 1, 'a handle that came late stays')
  detach()
  t.equal(handles.count('a'), 1)
})

await t.test('what was found to be over counts for the message that comes after', async (t) => {
  let now = 0
  const handles = createSessionHandles(() => now)
  const attach = (id: string) => handles.attach(id, { end() {} })
  attach('a')
  attach('a')
  t.equal(handles.endFound([ended('a'), ended('none')]), 2)
  attach('a')
  t.equal(handles.end([ended('a')]), 3)
  t.equal(handles.end([ended('a')]), 0, 'once')

  attach('b')
  handles.endFound([ended('b')])
  now = 5_000
  t.equal(handles.endFound([]), 0)
  t.equal(handles.end([ended('b')]), 0, 'not for one that comes much later')
})
