/** One HTTP request, ready to be sent. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query, below the server's address. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has yet to be read; whoever gets it reads it to its end or breaks off its iteration. */
export interface ApiResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** How requests travel to one server; throws `ApiUnreachable` when no answer came. One attempt, no policy. */
export interface ApiTransport {
  send(request: ApiRequest): Promise<ApiResponse>;
}
