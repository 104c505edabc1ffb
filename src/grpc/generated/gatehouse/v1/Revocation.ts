// Original file: protos/gatehouse/v1/session.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.js';

export interface Revocation {
  'sessionId'?: (string);
  'userId'?: (string);
  'reason'?: (string);
  'endedAt'?: (_google_protobuf_Timestamp | null);
}

export interface Revocation__Output {
  'sessionId': (string);
  'userId': (string);
  'reason': (string);
  'endedAt': (_google_protobuf_Timestamp__Output | null);
}
