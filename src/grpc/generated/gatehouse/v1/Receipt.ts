// Original file: protos/gatehouse/v1/realtime.proto

export const Receipt = {
  RECEIPT_UNSPECIFIED: 0,
  RECEIPT_NODES: 1,
  RECEIPT_WRITTEN: 2,
} as const;

export type Receipt =
  | 'RECEIPT_UNSPECIFIED'
  | 0
  | 'RECEIPT_NODES'
  | 1
  | 'RECEIPT_WRITTEN'
  | 2

export type Receipt__Output = typeof Receipt[keyof typeof Receipt]
