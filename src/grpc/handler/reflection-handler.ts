import { status } from '@grpc/grpc-js'
import type { ServerReflectionRequest__Output } from '../generated/grpc/reflection/v1/ServerReflectionRequest.js'
import type { ServerReflectionResponse } from '../generated/grpc/reflection/v1/ServerReflectionResponse.js'
import type { DescriptorIndex } from '../reflection/descriptor-index.js'
import type { DuplexHandler } from '../stream.js'

/**
 * `grpc.reflection.v1.ServerReflection/ServerReflectionInfo`, and the same in `v1alpha`: each question gets
 * one answer; what is not known is an error response, and the stream goes on.
 */
export function createReflectionHandler(deps: {
  descriptors: DescriptorIndex
}): DuplexHandler<ServerReflectionRequest__Output, ServerReflectionResponse> {
  return async function* (requests) {
    for await (const request of requests) {
      yield {
        validHost: request.host,
        originalRequest: request,
        ...answer(request, deps.descriptors),
      }
    }
  }
}

function answer(
  request: ServerReflectionRequest__Output,
  descriptors: DescriptorIndex,
): ServerReflectionResponse {
  const { fileByFilename, fileContainingSymbol, allExtensionNumbersOfType } = request
  if (request.listServices !== undefined) {
    return { listServicesResponse: { service: descriptors.services.map((name) => ({ name })) } }
  }
  if (fileByFilename !== undefined) return files(descriptors.file(fileByFilename))
  if (fileContainingSymbol !== undefined) {
    return files(descriptors.fileOfSymbol(fileContainingSymbol))
  }
  if (allExtensionNumbersOfType !== undefined) {
    // No type here can be extended (proto3), so a known one has no extensions.
    return descriptors.fileOfSymbol(allExtensionNumbersOfType) === null
      ? notFound()
      : { allExtensionNumbersResponse: { baseTypeName: allExtensionNumbersOfType } }
  }
  return request.fileContainingExtension ? notFound() : emptyQuestion()
}

function files(found: readonly Buffer[] | null): ServerReflectionResponse {
  if (found === null) return notFound()
  return { fileDescriptorResponse: { fileDescriptorProto: [...found] } }
}

function notFound(): ServerReflectionResponse {
  const errorMessage = 'The server does not know this.'
  return { errorResponse: { errorCode: status.NOT_FOUND, errorMessage } }
}

function emptyQuestion(): ServerReflectionResponse {
  const errorMessage = 'The question is of no kind that the server knows.'
  return { errorResponse: { errorCode: status.INVALID_ARGUMENT, errorMessage } }
}
