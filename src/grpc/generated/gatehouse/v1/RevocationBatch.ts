// Original file: protos/gatehouse/v1/session.proto

import type { Revocation as _gatehouse_v1_Revocation, Revocation__Output as _gatehouse_v1_Revocation__Output } from '../../gatehouse/v1/Revocation.js';

export interface RevocationBatch {
  'revocations'?: (_gatehouse_v1_Revocation)[];
}

export interface RevocationBatch__Output {
  'revocations': (_gatehouse_v1_Revocation__Output)[];
}
