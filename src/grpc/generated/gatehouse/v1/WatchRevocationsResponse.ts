// Original file: protos/gatehouse/v1/session.proto

import type { WatchStarted as _gatehouse_v1_WatchStarted, WatchStarted__Output as _gatehouse_v1_WatchStarted__Output } from '../../gatehouse/v1/WatchStarted.js';
import type { RevocationBatch as _gatehouse_v1_RevocationBatch, RevocationBatch__Output as _gatehouse_v1_RevocationBatch__Output } from '../../gatehouse/v1/RevocationBatch.js';
import type { CaughtUp as _gatehouse_v1_CaughtUp, CaughtUp__Output as _gatehouse_v1_CaughtUp__Output } from '../../gatehouse/v1/CaughtUp.js';
import type { Heartbeat as _gatehouse_v1_Heartbeat, Heartbeat__Output as _gatehouse_v1_Heartbeat__Output } from '../../gatehouse/v1/Heartbeat.js';

export interface WatchRevocationsResponse {
  'position'?: (string);
  'started'?: (_gatehouse_v1_WatchStarted | null);
  'revocations'?: (_gatehouse_v1_RevocationBatch | null);
  'caughtUp'?: (_gatehouse_v1_CaughtUp | null);
  'heartbeat'?: (_gatehouse_v1_Heartbeat | null);
  'event'?: "started"|"revocations"|"caughtUp"|"heartbeat";
}

export interface WatchRevocationsResponse__Output {
  'position': (string);
  'started'?: (_gatehouse_v1_WatchStarted__Output | null);
  'revocations'?: (_gatehouse_v1_RevocationBatch__Output | null);
  'caughtUp'?: (_gatehouse_v1_CaughtUp__Output | null);
  'heartbeat'?: (_gatehouse_v1_Heartbeat__Output | null);
}
