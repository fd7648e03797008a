/** Binds all methods of an object to it, so that `const { recordTokenUsage } = workspace` works. */
export function bindMethods(object: object): void {
  for (let type = Object.getPrototypeOf(object); type !== Object.prototype; type = Object.getPrototypeOf(type)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      // A derived class comes first and overrides its base.
      if (typeof value !== 'function' || name === 'constructor' || Object.hasOwn(object, name)) continue
      Object.defineProperty(object, name, { value: value.bind(object), writable: true, configurable: true })
    }
  }
}
