// Writes an archive with Go's own library: members with data descriptors, one with the sizes in front, and a folder.
package main

import (
	"archive/zip"
	"hash/crc32"
	"os"
)

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	text := []byte(os.Args[2])
	file, err := os.Create(os.Args[1])
	must(err)
	archive := zip.NewWriter(file)
	for name, method := range map[string]uint16{"deflated.txt": zip.Deflate, "stored.txt": zip.Store, "ü.txt": zip.Deflate} {
		member, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		must(err)
		_, err = member.Write(text)
		must(err)
	}
	_, err = archive.Create("folder/")
	must(err)
	raw, err := archive.CreateRaw(&zip.FileHeader{
		Name:               "folder/raw.txt",
		Method:             zip.Store,
		CRC32:              crc32.ChecksumIEEE(text),
		CompressedSize64:   uint64(len(text)),
		UncompressedSize64: uint64(len(text)),
	})
	must(err)
	_, err = raw.Write(text)
	must(err)
	must(archive.Close())
	must(file.Close())
}
