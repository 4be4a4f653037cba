/** What a program prints, while it prints it. */

/** Reads on to the end: a program may be killed, or stop, when it writes to a pipe that nothing reads. */
export async function readOutput(
  stream: ReadableStream<Uint8Array>,
  onOutput: (output: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of stream) {
    output += decoder.decode(chunk, { stream: true });
    onOutput(output);
  }
  return output;
}
