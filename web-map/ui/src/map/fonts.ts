import type { FontFacesSpecification } from 'maplibre-gl';

/** The family that the page's stylesheet declares, in slices by Unicode range. */
const FAMILY = 'Noto Sans SC Variable';

/** The name for `text-font` in the map's style. */
export const MAP_FONT = 'Noto Sans SC';

/**
 * The page's own font files as MapLibre's `font-faces`: read from the stylesheet that is already loaded, so
 * that map and page share one list and one cache, and labels need no glyph server.
 */
export function fontFaces(): FontFacesSpecification {
  const slices = [];
  for (const rule of fontRules()) {
    const url = /url\("?([^")]+)"?\)/.exec(rule.style.getPropertyValue('src'))?.[1];
    const range = rule.style.getPropertyValue('unicode-range');
    if (url) {
      slices.push({
        url: new URL(url, rule.parentStyleSheet?.href ?? location.href).href,
        'unicode-range': range.split(',').map(part => part.trim()),
      });
    }
  }
  return { [MAP_FONT]: slices };
}

function* fontRules(): Generator<CSSFontFaceRule> {
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSFontFaceRule)) continue;
      const family = rule.style.getPropertyValue('font-family').replaceAll(/["']/g, '');
      if (family === FAMILY) yield rule;
    }
  }
}
