import { defineConfig } from 'vitest/config';

const rawSvg = {
  name: 'raw-svg',
  enforce: 'pre' as const,
  load(id: string) {
    return id.endsWith('.svg') ? 'export default `<svg xmlns="http://www.w3.org/2000/svg"></svg>`;' : null;
  }
};

export default defineConfig({
  plugins: [rawSvg],
  test: {
    environment: './src/__tests__/environment.ts',
    include: ['src/**/__tests__/**/*.spec.{ts,tsx}'],
    setupFiles: ['src/__tests__/jsdom.ts'],
    css: false,
    server: { deps: { inline: [/@jupyterlab/, /@lumino/, /@jupyter\//, /@codemirror/, /@lezer/] } }
  }
});
