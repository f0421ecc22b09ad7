export { absentBackends, describeBackends, goldenTolerance } from './backends';
export type { BackendName } from './backends';
export { expectClose, relativeError } from './closeness';
export { golden } from './golden';
export type { Golden } from './golden';
export { expectNoLeak, expectNoLeakAsync } from './leaks';
export { runReadmeExample } from './readme';
