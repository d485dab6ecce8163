import { build } from 'vite';

/** The page as it would be shipped, for the tests to serve; a running server brings its own. */
export async function setup(): Promise<void> {
  if (!process.env.CITYBRAIN_URL) await build({ logLevel: 'error' });
}
