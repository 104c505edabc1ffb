// Original file: protos/gatehouse/v1/realtime.proto

import type { Long } from '@grpc/proto-loader';

export interface StreamPosition {
  'offset'?: (number | string | Long);
  'epoch'?: (string);
}

export interface StreamPosition__Output {
  'offset': (number);
  'epoch': (string);
}
