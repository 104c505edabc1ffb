import type { OpenSurvey } from '../open-survey.js'

/** Keeps answers that arrive before it is known who was asked. */
export class SurveyInbox {
  readonly #early: { processId: string; body: string }[] = []
  #survey: OpenSurvey | undefined

  receive(processId: string, body: string): void {
    if (this.#survey) this.#survey.receive(processId, body)
    else this.#early.push({ processId, body })
  }

  open(survey: OpenSurvey): void {
    this.#survey = survey
    for (const { processId, body } of this.#early) survey.receive(processId, body)
  }

  settle(): void {
    this.#survey?.settle()
  }
}
