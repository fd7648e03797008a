// A consumer in TypeScript, as a CommonJS module. It is compiled, never run.
import mcoda = require('@mcoda/native')
import client = require('@mcoda/native/client')

export async function main(): Promise<number | null> {
  const workspace: mcoda.Workspace = await mcoda.Workspace.openDb(':memory:')
  try {
    const estimate: mcoda.Estimate = await workspace.estimate({ spPerHourAll: 2 })
    return estimate.durationsHours.totalHours
  } catch (error) {
    if (error instanceof mcoda.McodaError) return error.kind.length
    throw error
  } finally {
    await workspace[Symbol.asyncDispose]()
  }
}

export function request(options: client.TelemetryClientOptions): Promise<client.TelemetryConfig> {
  return new client.TelemetryClient(options).telemetryConfig({ workspaceId: 'w' })
}
