// Original file: protos/gatehouse/v1/realtime.proto

import type { StreamPosition as _gatehouse_v1_StreamPosition, StreamPosition__Output as _gatehouse_v1_StreamPosition__Output } from '../../gatehouse/v1/StreamPosition.js';

export interface HistoryRequest {
  'channel'?: (string);
  'since'?: (_gatehouse_v1_StreamPosition | null);
  'limit'?: (number);
  'reverse'?: (boolean);
}

export interface HistoryRequest__Output {
  'channel': (string);
  'since': (_gatehouse_v1_StreamPosition__Output | null);
  'limit': (number);
  'reverse': (boolean);
}
