/** How often what was missed could be given back. */
export interface RecoveryCounts {
  add(outcome: 'recovered' | 'lost'): void
  count(outcome: 'recovered' | 'lost'): number
}

export function createRecoveryCounts(): RecoveryCounts {
  const counts = { recovered: 0, lost: 0 }
  return {
    add(outcome) {
      counts[outcome] += 1
    },
    count: (outcome) => counts[outcome],
  }
}
