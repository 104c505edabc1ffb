export declare function runSocketClient(options: { readonly url: string }): Promise<number>
