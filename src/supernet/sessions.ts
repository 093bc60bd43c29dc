/** Compiled graphs of the last few networks that were asked for: each network of a space has a graph of its own. */
import type { Session } from "../runtime/index.js";

export interface SessionCache {
  get(key: string, load: () => Promise<Session>): Promise<Session>;
  dispose(): Promise<void>;
}

/** @param most kept at once; the one that was not used for longest goes. */
export function createSessionCache(most: number): SessionCache {
  const sessions = new Map<string, Session>();
  return {
    async get(key, load) {
      const known = sessions.get(key);
      if (known !== undefined) {
        sessions.delete(key);
        sessions.set(key, known);
        return known;
      }
      if (sessions.size >= most) {
        const [oldest, session] = sessions.entries().next().value!;
        sessions.delete(oldest);
        await session.dispose();
      }
      const session = await load();
      sessions.set(key, session);
      return session;
    },
    async dispose() {
      for (const session of sessions.values()) await session.dispose();
      sessions.clear();
    },
  };
}
