// Original file: protos/gatehouse/v1/realtime.proto


export interface Processes {
  'asked'?: (number);
  'answered'?: (number);
  'missing'?: (string)[];
}

export interface Processes__Output {
  'asked': (number);
  'answered': (number);
  'missing': (string)[];
}
