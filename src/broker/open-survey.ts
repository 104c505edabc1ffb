/** What a survey has gathered when it is over. */
export interface GatheredAnswers<A> {
  /** In the order in which they came. */
  readonly answers: readonly A[]
  /** Ids of the processes that did not answer, or could not. */
  readonly missing: readonly string[]
}

/** One question that waits for answers. */
export interface OpenSurvey {
  /** Takes the answer of a process, as text. One that was not asked, or has answered, is ignored. */
  receive(processId: string, body: string): void
  /** Ends it with what it has. Safe to call twice. */
  settle(): void
}

/**
 * Waits until every process of `asked` has answered, or `timeoutMs` has passed. `decode` gives null for an
 * answer that is none. The timer keeps the process alive: somebody is waiting.
 */
export function openSurvey<A>(options: {
  asked: readonly string[]
  timeoutMs: number
  decode: (body: string, processId: string) => A | null
}): { survey: OpenSurvey; gathered: Promise<GatheredAnswers<A>> } {
  const waitingFor = new Set(options.asked)
  const refused: string[] = []
  const answers: A[] = []
  let finish: (gathered: GatheredAnswers<A>) => void = () => undefined
  const gathered = new Promise<GatheredAnswers<A>>((resolve) => {
    finish = resolve
  })

  const settle = (): void => {
    clearTimeout(timer)
    finish({ answers: [...answers], missing: [...refused, ...waitingFor] })
  }
  const timer = setTimeout(settle, options.timeoutMs)

  const receive = (processId: string, body: string): void => {
    if (!waitingFor.delete(processId)) return
    const answer = options.decode(body, processId)
    if (answer === null) refused.push(processId)
    else answers.push(answer)
    if (waitingFor.size === 0) settle()
  }

  return { survey: { receive, settle }, gathered }
}
