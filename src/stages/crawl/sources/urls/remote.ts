/** Whether a list is one that has to be fetched. */
export function isRemote(list: string): boolean {
  return /^https?:\/\//i.test(list);
}
