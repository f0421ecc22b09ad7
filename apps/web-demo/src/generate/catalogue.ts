/** A model that comes with the page. */
export interface CatalogueEntry {
  /** Its name in the address. */
  readonly id: string;
  readonly title: string;
  /** Paths from the folder of the models. */
  readonly meanflow: string;
  /** A flow-matching model of the same size, trained for as long on the same data. */
  readonly flowMatching: string;
  /** The model card. */
  readonly card: string;
  /** What the page tells of it, in its order. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

/** Where the models lie, from the page. */
const FOLDER = 'models/';

/** The address of a file of the catalogue. */
export function modelAddress(path: string): string {
  return new URL(FOLDER + path, document.baseURI).href;
}

/** Reads which models come with the page. */
export async function loadCatalogue(): Promise<readonly CatalogueEntry[]> {
  const address = modelAddress('models.json');
  let response: Response;
  try {
    response = await fetch(address);
  } catch (error) {
    throw new Error('The list of models cannot be read. Is there a network?', { cause: error });
  }
  if (!response.ok)
    throw new Error(`The list of models cannot be read: its server answers ${response.status}.`);
  return (await response.json()) as readonly CatalogueEntry[];
}
