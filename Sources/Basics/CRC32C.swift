/// The cyclic redundancy check of Castagnoli's polynomial 0x1EDC6F41, reflected, as in RFC 3720 and TFRecord.
public func crc32c(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in bytes { crc = remainders[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
  return ~crc
}

/// A check that is itself part of checked data: rotated right by 15 bits, plus a constant. Source: TensorFlow's `crc32c.h`.
public func maskedCRC32C(_ bytes: some Sequence<UInt8>) -> UInt32 {
  let crc = crc32c(bytes)
  return (crc >> 15 | crc << 17) &+ 0xA282_EAD8
}

/// The remainder of every byte.
private let remainders: [UInt32] = (0..<256).map { byte in
  (0..<8).reduce(UInt32(byte)) { crc, _ in crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
}
