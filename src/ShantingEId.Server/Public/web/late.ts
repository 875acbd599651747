// The verdict first: reading the check's program takes an old phone as long as showing the whole page, so it is fetched in the frame after
// the one that shows the verdict.
requestAnimationFrame(() => requestAnimationFrame(() => {
  const check = document.createElement('script');
  check.src = document.querySelector<HTMLElement>('main')!.dataset['check']!;
  document.head.append(check);
}));
