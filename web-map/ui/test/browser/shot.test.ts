import { it } from 'vitest';
import { stage } from './harness';
it('shot', async () => {
  const s = await stage();
  const v = await s.open('/');
  await new Promise(r => setTimeout(r, 4000));
  await v.page.screenshot({ path: '/tmp/shots/desk.png' });
  console.log(v.faults);
  await s.close();
});
