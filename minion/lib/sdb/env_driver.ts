import { pyStr } from '../../../shared/python_text.ts';
import type { SdbDriver } from './driver.ts';

/** Variables of the environment; what is set holds for the job. */
export const envDriver: SdbDriver = {
  get({ environment }, key) {
    const all = environment.all();
    return Object.hasOwn(all, key) ? all[key] : undefined;
  },
  set({ environment }, key, value) {
    const text = pyStr(value);
    environment.set({ [key]: text });
    return text;
  },
  delete({ environment }, key) {
    environment.set({ [key]: null });
    return true;
  },
};
