"""Files as people hand them over: looked at before anything reads them, unpacked, and told what they may be."""
