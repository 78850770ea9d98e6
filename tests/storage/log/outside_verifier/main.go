// Verifies a tree exported by Sluice with nothing of Sluice: Go's sumdb packages alone.
//
//	verifier DIRECTORY VERIFIER-KEY [OLDER-SIZE]
//
// Checks the checkpoint's signature, reads every entry bundle, proves each entry's hash through tlog.TileHashReader, checks an
// inclusion proof for some entries and, with an older size, a consistency proof. Prints "verified N entries" or exits 1.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type directory string

func (d directory) Height() int                                { return 8 }
func (d directory) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (d directory) file(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), path))
}

// The path of tlog-tiles is Go's without the height.
func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := d.file(strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s: %d bytes", tile.Path(), len(data))
		}
		all = append(all, data)
	}
	return all, nil
}

func fail(format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func main() {
	dir := directory(os.Args[1])
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fail("verifier key: %v", err)
	}
	bytes, err := dir.file("checkpoint")
	if err != nil {
		fail("%v", err)
	}
	opened, err := note.Open(bytes, note.VerifierList(verifier))
	if err != nil {
		fail("checkpoint: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		fail("checkpoint: not of this origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("checkpoint: %v", err)
	}
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(raw) != tlog.HashSize {
		fail("checkpoint: no root")
	}
	var root tlog.Hash
	copy(root[:], raw)
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, dir)

	for first := int64(0); first < size; first += 256 {
		width := size - first
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)}
		path := strings.Replace(strings.Replace(tile.Path(), "tile/8/", "tile/", 1), "data", "entries", 1)
		bundle, err := dir.file(path)
		if err != nil {
			fail("%v", err)
		}
		var indexes []int64
		for i := int64(0); i < width; i++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+i))
		}
		hashes, err := reader.ReadHashes(indexes)
		if err != nil {
			fail("tiles at entry %d: %v", first, err)
		}
		for i := int64(0); i < width; i++ {
			if len(bundle) < 2 {
				fail("%s: ends early", path)
			}
			n := int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < 2+n {
				fail("%s: ends early", path)
			}
			if tlog.RecordHash(bundle[2:2+n]) != hashes[i] {
				fail("%s: entry %d is not what the tree holds", path, first+i)
			}
			if (first+i)%97 == 0 {
				proof, err := tlog.ProveRecord(size, first+i, reader)
				if err != nil {
					fail("proof of %d: %v", first+i, err)
				}
				if err := tlog.CheckRecord(proof, size, root, first+i, hashes[i]); err != nil {
					fail("proof of %d: %v", first+i, err)
				}
			}
			bundle = bundle[2+n:]
		}
		if len(bundle) != 0 {
			fail("%s: bytes after the last entry", path)
		}
	}
	if len(os.Args) > 3 {
		older, err := strconv.ParseInt(os.Args[3], 10, 64)
		if err != nil {
			fail("older size: %v", err)
		}
		then, err := tlog.TreeHash(older, reader)
		if err != nil {
			fail("older root: %v", err)
		}
		proof, err := tlog.ProveTree(size, older, reader)
		if err != nil {
			fail("consistency: %v", err)
		}
		if err := tlog.CheckTree(proof, size, root, older, then); err != nil {
			fail("consistency: %v", err)
		}
	}
	fmt.Printf("verified %d entries\n", size)
}
