// The page on which a device of a company shows a live code. It holds the session's secret, which came in the fragment of the address and so was
// never sent by the browser; it asks for a code, shows it for as long as the server says, and tells who scanned it. Plain script, no library:
// what stands in the answers becomes text and numbers, never markup.
(() => {
  'use strict';
  const english = document.documentElement.lang === 'en';
  const pick = (chinese, inEnglish) => (english ? inEnglish : chinese);
  const at = id => document.getElementById(id);
  const key = 'eid-present';
  const circle = 2 * Math.PI * 26;
  let shown = null;
  let deadline = 0;
  let timer = 0;
  let poll = 0;
  let requestId = '';

  // The address may be seen over a shoulder and stays in the history: the secret leaves it at once, and is kept for this tab alone.
  const settings = () => {
    if (location.hash.length > 1) {
      sessionStorage.setItem(key, location.hash.slice(1));
      history.replaceState(null, '', location.pathname + location.search);
    }

    return new URLSearchParams(sessionStorage.getItem(key) ?? '');
  };

  const given = settings();
  const secret = given.get('s') ?? '';

  const ask = async (path, body) => {
    const response = await fetch(path, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + secret }, body: JSON.stringify(body), cache: 'no-store', credentials: 'omit', redirect: 'error',
    });
    const answer = await response.json();
    if (!response.ok) {
      // What is over in a moment: too many at once from this address, or a register that is away.
      throw Object.assign(new Error(answer.message), { told: true, passing: response.status === 429 || response.status >= 500 });
    }

    return answer;
  };

  const set = (state, says, detail) => {
    at('card').dataset.state = state;
    at('says').textContent = says;
    at('detail').textContent = detail;
    at('again').hidden = state === 'waiting' || state === 'loading' || !secret;
  };

  const stop = () => {
    clearInterval(timer);
    clearInterval(poll);
    shown = null;
    at('modules').setAttribute('d', ''); // A code that is over is not left on the screen.
    at('ring').style.strokeDashoffset = circle;
  };

  const fail = error => {
    stop();
    set('failed', pick('现在不能出示', 'Cannot be shown now'), error.told ? error.message : pick('连不上登记系统，请检查网络后重试。', 'The register cannot be reached. Check the network and try again.'));
  };

  const over = () => {
    stop();
    at('left').textContent = '0';
    set('over', pick('已失效', 'Expired'), pick('一分钟内没有人扫码。截图和照片都不能再用。', 'Nobody scanned it in time. A screenshot or photograph of it is of no use.'));
  };

  const presented = state => {
    stop();
    set('presented', pick('已出示给', 'Presented to ') + state.by, [state.purpose, state.time].filter(Boolean).join(' · '));
  };

  const tick = () => {
    const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
    at('left').textContent = left;
    at('ring').style.strokeDashoffset = circle * (1 - Math.max(0, deadline - performance.now()) / (shown.life * 1000));
    at('card').classList.toggle('soon', left <= 10);
    if (left === 0) {
      over();
    }
  };

  // Whether it was scanned, wherever: a second without an answer is no reason to take the code away.
  const look = async () => {
    const name = shown?.name;
    try {
      const state = await ask('/present/state', { name });
      if (shown?.name === name && state.state === 'PRESENTED') {
        presented(state);
      } else if (shown?.name === name && state.state === 'EXPIRED') {
        over();
      }
    } catch (error) {
      if (error.told && !error.passing && shown?.name === name) {
        fail(error);
      }
    }
  };

  const show = code => {
    shown = code;
    deadline = performance.now() + code.left * 1000;
    at('company').textContent = code.company;
    at('credit').textContent = code.creditCode;
    at('scope').textContent = code.scope.join(pick('、', ', '));
    at('purpose').textContent = code.purpose || pick('未填写', 'not given');
    at('audience').textContent = code.audience || pick('任何人（只能扫一次）', 'anybody, once');
    at('facts').hidden = false;
    at('qr').setAttribute('viewBox', `0 0 ${code.side} ${code.side}`);
    at('ground').setAttribute('d', `M0 0h${code.side}v${code.side}H0z`);
    at('modules').setAttribute('d', code.path);
    set('waiting', pick('请对方当场扫码', 'Let them scan it now'), pick('只能扫一次；截图和照片无效。', 'Good for one scan; a screenshot is of no use.'));
    tick();
    timer = setInterval(tick, 250);
    poll = setInterval(look, 2000);
  };

  const begin = async () => {
    stop();
    if (!secret) {
      set('failed', pick('没有设备会话', 'No device session'), pick('请从企业应用中打开本页。', 'Open this page from the app of the company.'));
      return;
    }

    // The same name until there is an answer: a repeated request gets the same code.
    requestId ||= 'page-' + crypto.randomUUID();
    set('loading', pick('正在取码…', 'Getting a code…'), '');
    try {
      show(await ask('/present/codes', {
        requestId, scope: (given.get('scope') ?? 'credit_code,name,kind,representative,address').split(','), purpose: given.get('purpose') ?? '', audience: given.get('audience') ?? '', english,
      }));
      requestId = '';
    } catch (error) {
      requestId = error.told ? '' : requestId;
      fail(error);
    }
  };

  at('ring').style.strokeDasharray = circle;
  at('again').addEventListener('click', begin);
  at('main').hidden = false;
  begin();
})();
