-- CRC-32 of each blob and its key, so that damage becomes missing data and not a figure. NULL: written before this.
ALTER TABLE tick ADD COLUMN crc INTEGER;
ALTER TABLE timeline ADD COLUMN crc INTEGER;
ALTER TABLE chunk ADD COLUMN crc INTEGER;
ALTER TABLE energy ADD COLUMN crc INTEGER;
