/** Bytes of a server-sent event stream to the `data` of its events. */

/** Splits text into lines, whichever of the three line ends it has, over the borders of pieces. */
class LineBuffer {
  *add(text: string): Generator<string> {
    this._rest += text;
    let match: RegExpMatchArray | null;
    while ((match = this._rest.match(/\r\n|\n|\r(?!$)/)) !== null) {
      yield this._rest.slice(0, match.index);
      this._rest = this._rest.slice(match.index! + match[0].length);
    }
  }

  private _rest = '';
}

/** Collects lines into the data of one event. */
class EventBuffer {
  /** Take one line; return the event's data where the line ends one. */
  add(line: string): string | null {
    if (line === '') {
      const data = this._data.length ? this._data.join('\n') : null;
      this._data = [];
      return data;
    }
    const [, field, value] = line.match(/^([^:]*):? ?(.*)$/s)!;
    if (field === 'data') {
      this._data.push(value);
    }
    return null;
  }

  private _data: string[] = [];
}

/** Yield the `data` of every event of `body`; an event that is cut by the end of the stream is dropped. */
export async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const lines = new LineBuffer();
  const event = new EventBuffer();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      for (const line of lines.add(decoder.decode(read.value, { stream: true }))) {
        const data = event.add(line);
        if (data !== null) {
          yield data;
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // an aborted stream refuses, and is over all the same
  }
}
