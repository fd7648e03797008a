import { callSite } from './call_site'
import * as dispatcher from './dispatcher'
import { type Encoder, given } from './encode'
import { invalid } from './errors'
import type { CallOptions, OtherWorkspaces } from './inputs'
import { internalsOf } from './internals'
import { rowArguments } from './row_calls'

/** The rows of a call as the bytes of an Arrow IPC stream. `args` are those of the method with this name. */
export async function arrow(
  session: object,
  call: string,
  args: readonly unknown[],
): Promise<Uint8Array & OtherWorkspaces> {
  const encode = Object.hasOwn(rowArguments, call) ? (rowArguments as { [call: string]: Encoder })[call] : undefined
  if (!encode) throw invalid('call', given(call), 'the name of a call that returns rows, for example tokenUsage')
  const encoded = encode(...args.slice(0, encode.length))
  const options = args[encode.length] as CallOptions | null | undefined
  return dispatcher.arrow(internalsOf(session).handle, call, encoded, options, callSite(arrow))
}
