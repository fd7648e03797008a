/// <reference types="node" preserve="true" />
export { McodaError, type ErrorCode, type ErrorKind } from './errors'
export * from './functions'
export { Global, Workspace, type GlobalTransaction, type WorkspaceTransaction } from './handles'
export type * from './calls'
export type * from './contract'
export type * from './inputs'
export type * from './records'
export type * from './results'
