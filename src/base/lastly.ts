/**
 * Work, and what is to be done after it whatever comes of it. Unlike in a `finally`, an error of the latter never hides one of the work; where
 * the work went well, it is thrown.
 *
 * @param after told what the work threw.
 */
export async function lastly<T>(work: () => Promise<T>, after: (error?: unknown) => unknown): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await (async () => after(error))().catch(() => {});
    throw error;
  }
  await after();
  return result;
}
