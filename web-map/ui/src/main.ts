import '@fontsource-variable/noto-sans-sc/wght.css';
import './styles/base.css';
import { ApiError, api } from './api/client';
import type { City } from './api/wire';
import { h } from './dom';
import { firstLang, type Lang, text } from './i18n/i18n';
import { Clock } from './time/clock';

const RETRY_S = 5;

const root = document.querySelector<HTMLElement>('#app') ?? document.body;

/** Waits for the server, then shows the wall or the desk. Code and city are asked for at the same time. */
async function start(): Promise<void> {
  const clock = new Clock();
  const page = location.pathname.replace(/\/$/, '') === '/wall' ? wall() : desk();
  const city = await askUntilAnswered();
  clock.set(city.server_time);
  await (await page)(city, clock);
}

async function desk() {
  const { Desk } = await import('./desk/desk');
  return (city: City, clock: Clock) => new Desk(root, city, clock).start();
}

async function wall() {
  const { Wall } = await import('./wall/wall');
  return (city: City, clock: Clock) => new Wall(root, city, clock).start();
}

/** Asks for the city again and again, and tells the reader so: a server that starts late is found. */
async function askUntilAnswered(): Promise<City> {
  const lang = firstLang([new URLSearchParams(location.search).get('lang') ?? ''], navigator.languages);
  root.replaceChildren(h('main', { class: 'splash' }, h('p', { role: 'status' }, text(lang, 'app.loading'))));
  for (;;) {
    try {
      return await api.city();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) location.replace('/signin');
      await waitForRetry(lang, error instanceof Error ? error.message : '');
    }
  }
}

function waitForRetry(lang: Lang, reason: string): Promise<void> {
  return new Promise(resolve => {
    let left = RETRY_S;
    const hint = h('p');
    const show = () => {
      hint.textContent = text(lang, 'state.downHint', { n: left });
    };
    const timer = setInterval(() => {
      left--;
      show();
      if (left <= 0) finish();
    }, 1000);
    const finish = () => {
      clearInterval(timer);
      resolve();
    };
    show();
    root.replaceChildren(
      h(
        'main',
        { class: 'splash', role: 'alert' },
        h('h1', {}, text(lang, 'state.down')),
        reason && h('p', { class: 'reason' }, reason),
        hint,
        h('button', { class: 'button', type: 'button', onclick: finish }, text(lang, 'state.retry')),
      ),
    );
  });
}

void start();
