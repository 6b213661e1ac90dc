package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// The arithmetic of templates is on decimals, exact: prices are no binary fractions. Operands are texts such as "3.91", or whole numbers
// written in the template; results are texts, ready for JSON.

// maxDigits bounds an operand's length and places, so that no row makes for endless arithmetic.
const maxDigits = 100

// decimal is a number and how many places after the point it is written with.
type decimal struct {
	value  *big.Rat
	places int
}

func parseDecimal(operand any) (decimal, error) {
	var text string
	switch v := operand.(type) {
	case string:
		text = strings.TrimSpace(v)
	case int:
		text = strconv.Itoa(v)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return decimal{}, fmt.Errorf("%v is not a number", operand)
	}
	digits := strings.TrimLeft(text, "+-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if len(text) > maxDigits || len(text)-len(digits) > 1 || whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return decimal{}, fmt.Errorf("%.40q is not a decimal number", text)
	}
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		return decimal{}, fmt.Errorf("%.40q is not a decimal number", text)
	}
	return decimal{value: value, places: len(fraction)}, nil
}

// String returns the number with its places. There is no negative zero.
func (d decimal) String() string {
	text := d.value.FloatString(d.places)
	if strings.Trim(text, "-0.") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	return text
}

// number returns a decimal as JSON wants it: no plus sign, no leading zeros, a digit on both sides of the point. What is a JSON number
// already, one with an exponent too, is left as it is.
func number(operand any) (string, error) {
	if text, ok := operand.(string); ok {
		text = strings.TrimSpace(text)
		if text != "" && strings.Trim(text, "+-.0123456789eE") == "" && json.Valid([]byte(text)) {
			return text, nil
		}
	}
	d, err := parseDecimal(operand)
	if err != nil {
		return "", err
	}
	return d.String(), nil
}

func mul(a, b any) (string, error) {
	return combine(a, b, func(x, y decimal) decimal {
		return decimal{new(big.Rat).Mul(x.value, y.value), x.places + y.places}
	})
}

func add(a, b any) (string, error) {
	return combine(a, b, func(x, y decimal) decimal {
		return decimal{new(big.Rat).Add(x.value, y.value), max(x.places, y.places)}
	})
}

// sub returns a - b.
func sub(a, b any) (string, error) {
	return combine(a, b, func(x, y decimal) decimal {
		return decimal{new(big.Rat).Sub(x.value, y.value), max(x.places, y.places)}
	})
}

func combine(a, b any, op func(x, y decimal) decimal) (string, error) {
	x, err := parseDecimal(a)
	if err != nil {
		return "", err
	}
	y, err := parseDecimal(b)
	if err != nil {
		return "", err
	}
	return op(x, y).String(), nil
}

func abs(a any) (string, error) {
	d, err := parseDecimal(a)
	if err != nil {
		return "", err
	}
	d.value.Abs(d.value)
	return d.String(), nil
}

// round returns the number with that many places, halves away from zero.
func round(places int, a any) (string, error) {
	d, err := parseDecimal(a)
	if err != nil {
		return "", err
	}
	if places < 0 || places > maxDigits {
		return "", errors.New("wants 0 to 100 places")
	}
	d.places = places
	return d.String(), nil
}
