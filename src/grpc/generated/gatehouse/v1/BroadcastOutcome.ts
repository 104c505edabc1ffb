// Original file: protos/gatehouse/v1/realtime.proto

import type { PublishResponse as _gatehouse_v1_PublishResponse, PublishResponse__Output as _gatehouse_v1_PublishResponse__Output } from '../../gatehouse/v1/PublishResponse.js';
import type { Failure as _gatehouse_v1_Failure, Failure__Output as _gatehouse_v1_Failure__Output } from '../../gatehouse/v1/Failure.js';

export interface BroadcastOutcome {
  'published'?: (_gatehouse_v1_PublishResponse | null);
  'failure'?: (_gatehouse_v1_Failure | null);
  'outcome'?: "published"|"failure";
}

export interface BroadcastOutcome__Output {
  'published'?: (_gatehouse_v1_PublishResponse__Output | null);
  'failure'?: (_gatehouse_v1_Failure__Output | null);
}
