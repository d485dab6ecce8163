import { defineConfig, type Plugin } from 'vite';
import { mockCity } from './test/mock/middleware.ts';

/** A running server to develop and test against; without it a made-up city answers. */
const server = process.env.CITYBRAIN_URL;

/** Answers the API and the tiles inside Vite's own server. Never part of the build. */
function mockApi(): Plugin {
  return {
    name: 'mock-city',
    configureServer: vite => void vite.middlewares.use(mockCity()),
    configurePreviewServer: vite => void vite.middlewares.use(mockCity()),
  };
}

/** A machine without Chinese fonts has nothing to show until ours is there: no boxes for a moment, but a blank. */
function blockUntilFontsLoad(): Plugin {
  return {
    name: 'font-display-block',
    enforce: 'pre',
    transform: (code, id) =>
      id.includes('@fontsource') && id.endsWith('.css')
        ? { code: code.replaceAll('font-display: swap', 'font-display: block'), map: null }
        : null,
  };
}

const proxy = server
  ? Object.fromEntries(
      ['/v1', '/tiles', '/healthz', '/openapi.json', '/basemap.pmtiles'].map(path => [path, server]),
    )
  : {};

export default defineConfig({
  plugins: [blockUntilFontsLoad(), ...(server ? [] : [mockApi()])],
  server: { proxy },
  preview: { proxy },
  build: {
    target: 'es2023',
    // Fonts stay files of their own, so that a browser fetches only the slices that a page shows.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1300,
    modulePreload: { polyfill: false },
  },
});
