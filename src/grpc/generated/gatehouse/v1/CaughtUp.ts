// Original file: protos/gatehouse/v1/session.proto


export interface CaughtUp {
}

export interface CaughtUp__Output {
}
