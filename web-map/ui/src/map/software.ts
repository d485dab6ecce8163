/** How the drawing programs without a graphics card call themselves: ANGLE's, Mesa's two, Windows' and Apple's. */
const BY_SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render|software/i;

/**
 * Is WebGL drawn by the processor here, as on a machine without a graphics card or through a remote desktop? Then each frame is paid for in
 * pixels and in the time that the page waits for them: the map leaves out what costs more than it shows.
 */
export function drawnBySoftware(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  // Without any context the map says so itself.
  if (!context) return false;
  const named = context.getExtension('WEBGL_debug_renderer_info');
  const name = String(context.getParameter(named?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return BY_SOFTWARE.test(name);
}
