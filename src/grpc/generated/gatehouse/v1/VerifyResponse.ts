// Original file: protos/gatehouse/v1/session.proto

import type { Principal as _gatehouse_v1_Principal, Principal__Output as _gatehouse_v1_Principal__Output } from '../../gatehouse/v1/Principal.js';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

export interface VerifyResponse {
  'active'?: (boolean);
  'principal'?: (_gatehouse_v1_Principal | null);
  'expiresAt'?: (_google_protobuf_Timestamp | null);
  'reason'?: (string);
  'message'?: (string);
}

export interface VerifyResponse__Output {
  'active': (boolean);
  'principal': (_gatehouse_v1_Principal__Output | null);
  'expiresAt': (_google_protobuf_Timestamp__Output | null);
  'reason': (string);
  'message': (string);
}
