// Original file: protos/gatehouse/v1/realtime.proto

import type { BroadcastOutcome as _gatehouse_v1_BroadcastOutcome, BroadcastOutcome__Output as _gatehouse_v1_BroadcastOutcome__Output } from '../../gatehouse/v1/BroadcastOutcome.js';

export interface BroadcastResponse {
  'outcomes'?: (_gatehouse_v1_BroadcastOutcome)[];
}

export interface BroadcastResponse__Output {
  'outcomes': (_gatehouse_v1_BroadcastOutcome__Output)[];
}
