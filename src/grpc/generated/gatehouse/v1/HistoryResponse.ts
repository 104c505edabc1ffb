// Original file: protos/gatehouse/v1/realtime.proto

import type { Publication as _gatehouse_v1_Publication, Publication__Output as _gatehouse_v1_Publication__Output } from '../../gatehouse/v1/Publication.js';
import type { StreamPosition as _gatehouse_v1_StreamPosition, StreamPosition__Output as _gatehouse_v1_StreamPosition__Output } from '../../gatehouse/v1/StreamPosition.js';

export interface HistoryResponse {
  'publications'?: (_gatehouse_v1_Publication)[];
  'position'?: (_gatehouse_v1_StreamPosition | null);
}

export interface HistoryResponse__Output {
  'publications': (_gatehouse_v1_Publication__Output)[];
  'position': (_gatehouse_v1_StreamPosition__Output | null);
}
