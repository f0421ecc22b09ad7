import { twice } from './twice';

onmessage = ({ data }: MessageEvent<number>) => {
  postMessage(twice(data));
};
