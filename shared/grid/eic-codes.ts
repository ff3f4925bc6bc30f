/** Energy Identification Codes of European areas that do not name their country, with their zones; source: ENTSO-E's public list of area codes. */
const AREAS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ '10Y1001A1001A83F': 'DE', '10Y1001A1001A82H': 'DE', '10Y1001A1001A63L': 'DE' },
    ...{ '10Y1001A1001A39I': 'EE', '10Y1001A1001A59C': 'IE', '10Y1001A1001A016': 'GB-NIR', '10Y1001A1001A92E': 'GB' },
    ...{ '10YNO-1--------2': 'NO-NO1', '10YNO-2--------T': 'NO-NO2', '10YNO-3--------J': 'NO-NO3' },
    ...{ '10YNO-4--------9': 'NO-NO4', '10Y1001A1001A48H': 'NO-NO5', '10Y1001A1001A65H': 'DK' },
    ...{ '10YDK-1--------W': 'DK-DK1', '10YDK-2--------M': 'DK-DK2' },
    ...{ '10Y1001A1001A44P': 'SE-SE1', '10Y1001A1001A45N': 'SE-SE2' },
    ...{ '10Y1001A1001A46L': 'SE-SE3', '10Y1001A1001A47J': 'SE-SE4' },
    ...{ '10Y1001A1001A73I': 'IT-NO', '10Y1001A1001A70O': 'IT-CNO', '10Y1001A1001A71M': 'IT-CSO' },
    ...{ '10Y1001A1001A788': 'IT-SO', '10Y1001A1001A75E': 'IT-SIC', '10Y1001A1001A74G': 'IT-SAR' },
    ...{ '10YCA-BULGARIA-R': 'BG', '10YCS-SERBIATSOV': 'RS', '10YCS-CG-TSO---S': 'ME', '10Y1001C--00003F': 'UA' },
  }),
);

/** Whether a text has the form of an Energy Identification Code of an area. */
export function isEicCode(code: string): boolean {
  return /^10Y[A-Z0-9-]{13}$/.test(code);
}

/** The zone of an Energy Identification Code; undefined when it is not known. Most name their country: `10YCZ-CEPS-----N`. */
export function zoneOfEicCode(code: string): string | undefined {
  const [, country] = /^10Y([A-Z]{2})-/.exec(code) ?? [];
  return AREAS.get(code) ?? (country === 'CA' || country === 'CS' ? undefined : country);
}
