// Original file: protos/gatehouse/v1/session.proto

import type { VerifyResponse as _gatehouse_v1_VerifyResponse, VerifyResponse__Output as _gatehouse_v1_VerifyResponse__Output } from '../../gatehouse/v1/VerifyResponse.js';

export interface VerifyBatchResponse {
  'verdicts'?: (_gatehouse_v1_VerifyResponse)[];
}

export interface VerifyBatchResponse__Output {
  'verdicts': (_gatehouse_v1_VerifyResponse__Output)[];
}
